for machine in machines:
    machine.start()
    machine.wait_for_unit("multi-user.target")
    release = machine.succeed("uname -r").strip()
    with subtest(f"the tests of kio-rs on Linux {release}"):
        print(machine.succeed("run-kio-rs-tests", timeout=1800))
    machine.shutdown()
