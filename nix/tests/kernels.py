for node in machines:
    node.start()
    node.wait_for_unit("multi-user.target")
    release = node.succeed("uname -r").strip()
    with subtest(f"the tests of kio-rs on Linux {release}"):
        print(node.succeed("run-kio-rs-tests", timeout=1800))
    node.shutdown()
