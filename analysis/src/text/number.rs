//! Numbers as text. The same number always gives the same characters.

/// With a fixed number of decimals; a zero has no sign.
pub fn fixed(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| c == '0' || c == '.') => rest.to_owned(),
        _ => text,
    }
}

/// A round number as short as an axis needs it: thousands from ten thousand on, millions.
pub fn rounded(value: f64, digits: usize) -> String {
    let (divisor, unit) = match value.abs() {
        size if size >= 1e6 => (1e6, "\u{a0}M"),
        size if size >= 1e4 => (1e3, "\u{a0}k"),
        _ => return grouped(value, digits),
    };
    let short = value / divisor;
    let digits = (0..3)
        .find(|digits| {
            (fixed(short, *digits).parse::<f64>()).is_ok_and(|back| (back - short).abs() < 1e-6)
        })
        .unwrap_or(3);
    fixed(short, digits) + unit
}

/// With a fixed number of decimals and commas between thousands.
pub fn grouped(value: f64, digits: usize) -> String {
    let text = fixed(value, digits);
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.as_str()),
    };
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, format!(".{fraction}")),
        None => (unsigned, String::new()),
    };
    let mut digits_grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            digits_grouped.push(',');
        }
        digits_grouped.push(digit);
    }
    format!("{sign}{digits_grouped}{fraction}")
}

/// For CSV and JSON: six significant digits, no exponent, no trailing zeros.
pub fn precise(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return if value == 0.0 {
            "0".to_owned()
        } else {
            String::new()
        };
    }
    let magnitude = value.abs().log10().floor() as i32;
    let digits = usize::try_from(5 - magnitude).unwrap_or(0);
    let text = fixed(value, digits);
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// A share as a percentage: `12.3 %`, with a space that does not break.
pub fn percent(share: f64, digits: usize) -> String {
    format!("{}\u{a0}%", fixed(share * 100.0, digits))
}

/// A p-value with four decimals, none of which is ever all that it has: one below them is said to be.
pub fn p_value(p: f64) -> String {
    if p < 1e-4 {
        "<\u{a0}0.0001".to_owned()
    } else {
        fixed(p, 4)
    }
}

/// A ratio as a signed difference in whole percent: 1.26 is `+26 %`.
pub fn signed_percent(ratio: f64) -> String {
    let text = fixed((ratio - 1.0) * 100.0, 0);
    match text.strip_prefix('-') {
        Some(rest) => format!("\u{2212}{rest}\u{a0}%"),
        None if text == "0" => "0\u{a0}%".to_owned(),
        None => format!("+{text}\u{a0}%"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_have_round_numbers_in_few_letters() {
        assert_eq!(rounded(0.0, 0), "0");
        assert_eq!(rounded(2_000.0, 0), "2,000");
        assert_eq!(rounded(50_000.0, 0), "50\u{a0}k");
        assert_eq!(rounded(250_000.0, 0), "250\u{a0}k");
        assert_eq!(rounded(2_500_000.0, 0), "2.5\u{a0}M");
        assert_eq!(rounded(12_345.0, 0), "12.345\u{a0}k");
        assert_eq!(rounded(0.5, 1), "0.5");
    }

    #[test]
    fn numbers_as_text() {
        assert_eq!(fixed(-0.0001, 2), "0.00");
        assert_eq!(fixed(-1.5, 1), "-1.5");
        assert_eq!(grouped(139_489.0, 0), "139,489");
        assert_eq!(grouped(-1_234_567.25, 1), "-1,234,567.2");
        assert_eq!(grouped(12.0, 0), "12");
        assert_eq!(percent(0.4, 0), "40\u{a0}%");
        assert_eq!(signed_percent(1.26), "+26\u{a0}%");
        assert_eq!(signed_percent(0.8), "\u{2212}20\u{a0}%");
        assert_eq!(signed_percent(1.001), "0\u{a0}%");
    }

    #[test]
    fn a_p_value_is_never_nothing() {
        assert_eq!(p_value(1.0), "1.0000");
        assert_eq!(p_value(0.0001), "0.0001");
        assert_eq!(p_value(0.000_099), "<\u{a0}0.0001");
        assert_eq!(p_value(1e-12), "<\u{a0}0.0001");
    }

    #[test]
    fn precise_numbers_keep_six_digits() {
        assert_eq!(precise(0.0), "0");
        assert_eq!(precise(0.931_234_567), "0.931235");
        assert_eq!(precise(139_489.4), "139489");
        assert_eq!(precise(1_394_894.0), "1394894");
        assert_eq!(precise(2.5), "2.5");
        assert_eq!(precise(f64::NAN), "");
    }
}
