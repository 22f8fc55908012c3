use super::*;

fn load(text: &str) -> Result<Arms> {
    let arms = Arms {
        arms: file::parse(text)?,
        own: 0,
    };
    arms.check()?;
    Ok(arms)
}

#[test]
fn the_studys_arms_are_consistent() {
    let arms = Arms::load(None, &[]).unwrap();
    assert!(arms.added().is_empty());
    assert_eq!(
        arms.get("kio-uring-again")
            .unwrap()
            .entry
            .control_of
            .as_deref(),
        Some("kio-uring")
    );
    for arm in arms.all() {
        let no_parse = arm.entry.args.iter().any(|arg| arg == "--no-parse");
        assert_eq!(arm.entry.parses, !no_parse, "{}", arm.entry.name);
    }
}

#[test]
fn an_unknown_arm_is_named_with_those_there_are() {
    let error = Arms::load(None, &[]).unwrap().get("kio").unwrap_err();
    let text = error.to_string();
    assert!(text.contains("`kio`") && text.contains("kio-uring-again"));
}

#[test]
fn a_subject_option_becomes_an_arm_without_reports() {
    let option: SubjectOption = "mine=./mine".parse().unwrap();
    let arms = Arms::load(None, &[option]).unwrap();
    let arm = arms.get("mine").unwrap();
    assert_eq!(arm.command.as_deref(), Some(Path::new("./mine")));
    assert!(!arm.reports && arm.entry.parses);
    assert_eq!(arms.added(), std::slice::from_ref(arm));
    assert!("mine".parse::<SubjectOption>().is_err());
}

#[test]
fn a_subject_of_a_guests_name_is_run_as_the_guest() {
    let option: SubjectOption = "kio-cpp=./tcp_demo".parse().unwrap();
    let arms = Arms::load(None, &[option]).unwrap();
    let arm = arms.get("kio-cpp").unwrap();
    assert_eq!(arm.command.as_deref(), Some(Path::new("./tcp_demo")));
    assert!(arm.entry.args.is_empty() && !arm.entry.parses);
    assert_eq!((arm.port, arm.ends_with_stdin), (Some(8080), true));
    assert!(Arms::load(None, &[]).unwrap().get("kio-cpp").is_err());
}

#[test]
fn another_body_is_asked_for_by_flag_and_environment() {
    let option: SubjectOption = "mine=./mine".parse().unwrap();
    let arms = Arms::load(None, &[option]).unwrap();
    let (study, mine) = (arms.get("kio-uring").unwrap(), arms.get("mine").unwrap());
    assert_eq!(study.with_body(None), *study);
    assert!(
        study
            .with_body(Some(9))
            .entry
            .args
            .ends_with(&["--body-bytes".to_owned(), "9".to_owned()])
    );
    let mine_with = mine.with_body(Some(9));
    assert_eq!(mine_with.entry.args, mine.entry.args);
    assert_eq!(mine_with.entry.env["BODY_BYTES"], "9");
}

#[test]
fn a_role_and_what_is_answered_have_defaults() {
    let text = "[[arm]]\nname='a'\nsubject='s'\n[[arm]]\nname='b'\nsubject='s'\nrole='peer'\nanswers='same-body'\n";
    let arms = load(text).unwrap();
    let (a, b) = (&arms.all()[0], &arms.all()[1]);
    assert_eq!((a.entry.role, a.answers), (Role::Side, Answers::SameBytes));
    assert_eq!((b.entry.role, b.answers), (Role::Peer, Answers::SameBody));
}

#[test]
fn contradictions_are_refused_by_name() {
    let refused = |text: &str, part: &str| {
        let message = format!("{:#}", load(text).unwrap_err());
        assert!(message.contains(part), "{message}");
    };
    let a = "[[arm]]\nname='a'\nsubject='s'\n";
    refused(&format!("{a}{a}"), "two arms are called `a`");
    refused("[[arm]]\nname='a'\n", "neither `subject` nor `command`");
    refused(&format!("{a}args=['{{prot}}']"), "{prot}");
    refused(
        &format!("{a}differs_from='b'\ndiffers_by='x'"),
        "no arm is called `b`",
    );
    refused(&format!("{a}differs_from='a'"), "go together");
    refused(&format!("{a}control_of='b'"), "no arm is called `b`");
    refused(
        &format!("{a}[[arm]]\nname='b'\nsubject='t'\ncontrol_of='a'"),
        "must have the same",
    );
    refused(
        "[[arm]]\nname='a b'\nsubject='s'\n",
        "cannot be an arm's name",
    );
    refused(
        "[[arm]]\nname='a'\ncommand='/x/s'\n[[arm]]\nname='b'\ncommand='/y/s'\n",
        "another binary",
    );
    refused(&format!("{a}colour='red'"), "colour");
    refused(&format!("{a}role='king'"), "king");
    let taken = "[[arm]]\nname='a'\nsubject='flood'\n";
    refused(taken, "the load generator is called `flood`");
    refused(&format!("{a}changes=['+x']"), "changes need differs_from");
    let b = "[[arm]]\nname='b'\nsubject='s'\ndiffers_from='a'\ndiffers_by='x'\n";
    refused(&format!("{a}{b}changes=['x']"), "`x` is neither");
    refused(&format!("{a}{b}changes=['+']"), "`+` is neither");
    refused(
        &format!("{a}[[arm]]\nname='b'\nsubject='s'\ncontrol_of='a'\nanswers='same-body'"),
        "must have the same",
    );
}
