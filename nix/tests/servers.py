import json

machine.start()
machine.wait_for_unit("multi-user.target")

with subtest("the units answer"):
    for unit, port in [("kio-uring", 8080), ("tokio-published", 8081), ("epoll-floor", 8082)]:
        machine.wait_for_unit(f"server-{unit}.service")
        machine.wait_for_open_port(port)
        answer = machine.succeed(f"curl --fail --silent --http1.1 http://127.0.0.1:{port}/")
        assert answer == "Hello, World!", f"{unit} answers {answer!r}"

with subtest("every arm whose subject is here answers byte for byte"):
    arms = json.loads(machine.succeed("bench arms --json"))
    here = machine.succeed("ls $KIO_SUBJECTS").split()
    names = [arm["name"] for arm in arms if arm["subject"] in here]
    assert len(names) > 10, f"only {names}"
    print(machine.succeed("bench verify " + " ".join(names)))

with subtest("the machine is as the settings file says"):
    findings = json.loads(machine.execute("bench doctor --json")[1])
    named = {finding["check"]: finding for finding in findings}
    settings = [name for name in named if name.startswith(("net.", "kernel."))]
    assert settings, f"no setting among {sorted(named)}"
    for name in settings + ["io_uring", "open files"]:
        assert named[name]["verdict"] == "ok", f"{named[name]}"
