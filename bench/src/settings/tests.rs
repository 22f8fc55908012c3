use tempfile::TempDir;

use super::*;

fn setting(accept: Accept, value: &str) -> Setting {
    Setting {
        name: "net.a".to_owned(),
        path: None,
        value: value.to_owned(),
        accept,
        severity: Severity::Warn,
        reason: String::new(),
    }
}

/// A machine of two processors below a folder, so that this one's settings stay as they are.
struct Machine {
    root: TempDir,
}

const SYSCTL: &str = "proc/sys/net/a";
const GOVERNORS: [&str; 2] = ["sys/cpu/cpu0/governor", "sys/cpu/cpu1/governor"];

impl Machine {
    fn new() -> Self {
        let machine = Self {
            root: tempfile::tempdir().unwrap(),
        };
        fs::create_dir_all(machine.root.path().join("sys/cpu/cpufreq")).unwrap();
        machine.write(SYSCTL, "1\n");
        for file in GOVERNORS {
            machine.write(file, "powersave\n");
        }
        machine
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn values(&self) -> [String; 3] {
        [SYSCTL, GOVERNORS[0], GOVERNORS[1]].map(|file| read(&self.root.path().join(file)).unwrap())
    }

    fn state(&self) -> PathBuf {
        self.root.path().join("run/state.json")
    }

    fn changer(&self) -> Changer {
        self.changer_in("net:[1]")
    }

    fn changer_in(&self, namespace: &str) -> Changer {
        Changer::new(self.root.path(), self.state(), namespace)
    }
}

fn settings(value: &str) -> Settings {
    let governor = Setting {
        name: "governor".to_owned(),
        path: Some("cpu/cpu*/governor".to_owned()),
        ..setting(Accept::Exactly, "performance")
    };
    Settings {
        nofile_at_least: 0,
        sysctls: vec![setting(Accept::AtLeast, value)],
        sysfs: vec![governor],
    }
}

const FORMER: [&str; 3] = ["1", "powersave", "powersave"];
const FIXED: [&str; 3] = ["5", "performance", "performance"];

#[test]
fn the_studys_settings_are_read_and_accept_their_own_values() {
    let settings = Settings::of_the_study();
    assert!(settings.nofile_at_least > 2000 && settings.sysctls.len() > 3);
    assert!(settings.sysfs.iter().all(|setting| setting.path.is_some()));
    for setting in settings.all() {
        assert!(setting.accepts(&setting.value), "{}", setting.name);
    }
}

#[test]
fn values_are_judged_by_their_kind() {
    let exactly = setting(Accept::Exactly, "0");
    assert!(exactly.accepts("0") && !exactly.accepts("1") && !exactly.accepts(""));
    let at_least = setting(Accept::AtLeast, "10");
    assert!(at_least.accepts("11") && !at_least.accepts("9") && !at_least.accepts("x"));
    let covers = setting(Accept::Covers, "10 20");
    assert!(covers.accepts("9 20") && !covers.accepts("11 30") && !covers.accepts("10"));
}

#[test]
fn a_setting_of_several_files_has_all_their_values() {
    let machine = Machine::new();
    let governor = &settings("5").sysfs[0];
    let found = || governor.found(machine.root.path());
    assert_eq!(found().unwrap(), "powersave");
    machine.write(GOVERNORS[1], "performance\n");
    assert_eq!(found().unwrap(), "performance, powersave");
    fs::remove_dir_all(machine.root.path().join("sys")).unwrap();
    assert_eq!(found(), None);
}

#[test]
fn settings_are_applied_once_and_put_back() {
    let machine = Machine::new();
    let changer = machine.changer();
    assert_eq!(changer.restore().unwrap(), Outcome::default());

    let applied = changer.apply(&settings("5")).unwrap();
    assert_eq!(
        applied.changed,
        [
            "proc/sys/net/a: 1 -> 5",
            "sys/cpu/cpu0/governor: powersave -> performance",
            "sys/cpu/cpu1/governor: powersave -> performance"
        ]
    );
    assert_eq!(machine.values(), FIXED);
    assert_eq!(changer.apply(&settings("5")).unwrap(), Outcome::default());
    let again = changer.apply(&settings("7")).unwrap();
    assert_eq!(again.changed, ["proc/sys/net/a: 5 -> 7"]);

    let restored = changer.restore().unwrap();
    assert_eq!(restored.changed[0], "proc/sys/net/a: 7 -> 1");
    assert_eq!(machine.values(), FORMER);
    assert!(!machine.state().exists());
    assert_eq!(changer.restore().unwrap(), Outcome::default());
}

#[test]
fn killed_between_note_and_change_nothing_is_lost() {
    let machine = Machine::new();
    let changer = machine.changer();
    changer.apply(&settings("5")).unwrap();
    // As a kill leaves it: noted, and not set yet.
    machine.write(GOVERNORS[1], "powersave\n");
    assert_eq!(changer.restore().unwrap().changed.len(), 2);
    assert_eq!(machine.values(), FORMER);
    assert!(!machine.state().exists());
}

#[test]
fn killed_while_putting_back_the_rest_is_put_back_later() {
    let machine = Machine::new();
    let changer = machine.changer();
    changer.apply(&settings("5")).unwrap();
    machine.write(SYSCTL, "1\n");
    let later = changer.restore().unwrap();
    assert_eq!(later.changed.len(), 2);
    assert_eq!(machine.values(), FORMER);
}

#[test]
fn a_fix_after_a_kill_keeps_the_first_value() {
    let machine = Machine::new();
    let changer = machine.changer();
    changer.apply(&settings("5")).unwrap();
    machine.write(GOVERNORS[0], "powersave\n");
    changer.apply(&settings("5")).unwrap();
    assert_eq!(machine.values(), FIXED);
    changer.restore().unwrap();
    assert_eq!(machine.values(), FORMER);
}

#[test]
fn what_something_else_has_set_since_is_left() {
    let machine = Machine::new();
    let changer = machine.changer();
    changer.apply(&settings("5")).unwrap();
    machine.write(SYSCTL, "9\n");
    let restored = changer.restore().unwrap();
    assert!(restored.left[0].contains("something else"), "{restored:?}");
    assert_eq!(machine.values(), ["9", "powersave", "powersave"]);
    assert!(!machine.state().exists());
}

#[test]
fn another_network_namespace_keeps_its_own_values() {
    let machine = Machine::new();
    machine.changer_in("net:[2]").apply(&settings("5")).unwrap();
    let here = machine.changer().restore().unwrap();
    assert!(
        here.left[0].contains("another network namespace"),
        "{here:?}"
    );
    assert_eq!(machine.values(), ["5", "powersave", "powersave"]);
    machine.changer_in("net:[2]").restore().unwrap();
    assert_eq!(machine.values(), FORMER);
    assert!(!machine.state().exists());
}

#[test]
fn what_is_refused_does_not_keep_the_others_from_being_set() {
    let machine = Machine::new();
    // A directory takes no value from anyone, root included.
    fs::remove_file(machine.root.path().join(GOVERNORS[0])).unwrap();
    fs::create_dir(machine.root.path().join(GOVERNORS[0])).unwrap();
    let outcome = machine.changer().apply(&settings("5")).unwrap();
    assert_eq!((outcome.changed.len(), outcome.refused.len()), (2, 1));
    assert!(outcome.refused[0].contains("as root"), "{outcome:?}");
    let text = fs::read_to_string(machine.state()).unwrap();
    assert!(
        !text.contains("cpu0"),
        "what was not set is not noted: {text}"
    );
}

#[test]
fn nothing_is_changed_when_the_former_values_cannot_be_kept() {
    let machine = Machine::new();
    machine.write("run", "a file where a folder must be");
    assert!(machine.changer().apply(&settings("5")).is_err());
    assert_eq!(machine.values(), FORMER);
}

#[test]
fn a_damaged_state_is_refused_by_its_name() {
    let machine = Machine::new();
    machine.write("run/state.json", "[{");
    let message = format!("{:#}", machine.changer().restore().unwrap_err());
    assert!(message.contains("state.json is damaged"), "{message}");
}
