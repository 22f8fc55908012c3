machine.start()
machine.wait_for_unit("multi-user.target")
machine.succeed("bench run /etc/matrix.toml --out /tmp/virtual-matrix >&2", timeout=1800)
machine.succeed("analysis report /tmp/virtual-matrix --out /tmp/report >&2")

run = machine.out_dir / "virtual-matrix"
run.mkdir()
for file in machine.succeed("ls /tmp/virtual-matrix").split():
    (run / file).write_text(machine.succeed(f"cat /tmp/virtual-matrix/{file}"))
