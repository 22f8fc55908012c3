//! Makes tests of the cases.

/// Makes a module with a `#[test]` for every case, each against a server of its own:
/// `conformance_tests!(module, path, args, parses)`, where `path` is that of the server's binary,
/// `args` is a `&[&str]`, and `parses` is `true` or `false`: whether this server reads requests.
///
/// ```text
/// const SERVER: &str = env!("CARGO_BIN_EXE_tokio-baseline");
/// conformance::conformance_tests!(per_core, super::SERVER, &["--runtime", "per-core"], true);
/// ```
#[macro_export]
macro_rules! conformance_tests {
    ($module:ident, $path:expr, $args:expr, true) => {
        $crate::conformance_tests!(@list $module, $path, $args, true,
            one_request, "one-request";
            pipelined_1000, "pipelined-1000";
            byte_at_a_time, "byte-at-a-time";
            head_method, "head-method";
            bytes_in_a_row, "bytes-in-a-row";
            pipeline_cut_anywhere, "pipeline-cut-anywhere";
            byte_by_byte_reader, "byte-by-byte-reader";
            flood_unread, "flood-unread";
            folded_field, "folded-field";
            bare_lf, "bare-lf";
            bare_cr_and_controls, "bare-cr-and-controls";
            field_name, "field-name";
            host_once, "host-once";
            host_value, "host-value";
            target_forms, "target-forms";
            versions, "versions";
            upgrade_ignored, "upgrade-ignored";
            body_1_mib, "body-1-mib";
            chunked_body, "chunked-body";
            chunked_malformed, "chunked-malformed";
            content_length, "content-length";
            smuggling, "smuggling";
            expect_continue, "expect-continue";
            malformed_400, "malformed-400";
            head_too_large_431, "head-too-large-431";
            connection_close, "connection-close";
            http_1_0, "http-1.0";
            half_closed_client, "half-closed-client";
            close_while_another_waits, "close-while-another-waits";
            connections_2000, "connections-2000";
        );
    };
    ($module:ident, $path:expr, $args:expr, false) => {
        $crate::conformance_tests!(@list $module, $path, $args, false,
            one_request, "one-request";
            close_while_another_waits, "close-while-another-waits";
            connections_2000, "connections-2000";
        );
    };
    (@list $module:ident, $path:expr, $args:expr, $parses:expr, $($test:ident, $name:expr;)+) => {
        mod $module {
            $(
                #[test]
                fn $test() {
                    $crate::server::assert_passes($path, $args, $name);
                }
            )+

            #[test]
            fn every_case_that_applies_is_here() {
                let here = [$($name),+];
                let apply: Vec<&str> = $crate::cases()
                    .iter()
                    .filter(|case| $parses || !case.needs_parsing)
                    .map(|case| case.name)
                    .collect();
                assert_eq!(here[..], apply);
            }
        }
    };
}
