# As in linux/capability.h.
CAP_BPF = 39

unit = "server-kio-uring.service"

machine.start()
machine.wait_for_unit(unit)
machine.wait_for_open_port(8080)
pid = machine.succeed(f"systemctl show --property=MainPID --value {unit}").strip()
status = dict(
    line.split(":", 1) for line in machine.succeed(f"cat /proc/{pid}/status").splitlines()
)

with subtest("it is neither root nor can become it"):
    assert status["Uid"].split()[0] != "0", status["Uid"]
    for kind in ["CapEff", "CapBnd"]:
        assert int(status[kind], 16) == 1 << CAP_BPF, f"{kind}: {status[kind]}"
    assert status["NoNewPrivs"].strip() == "1", status["NoNewPrivs"]
    assert status["Seccomp"].strip() == "2", status["Seccomp"]

with subtest("its limits are those of the settings"):
    limits = machine.succeed(f"cat /proc/{pid}/limits")
    files = next(line for line in limits.splitlines() if line.startswith("Max open files"))
    assert int(files.split()[4]) >= 8192, files

with subtest("systemd has little to object to"):
    machine.succeed(f"systemd-analyze security --no-pager --threshold=20 {unit} >&2")

with subtest("io_uring works all the same"):
    answer = machine.succeed("curl --fail --silent --http1.1 http://127.0.0.1:8080/")
    assert answer == "Hello, World!", answer
