import csv
import io
import json

start_all()
server.wait_for_unit("sshd.service")
client.wait_for_unit("multi-user.target")

with subtest("the client may log in to the server"):
    client.succeed("mkdir -p -m 700 /root/.ssh && ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519")
    key = client.succeed("cat /root/.ssh/id_ed25519.pub").strip()
    server.succeed(f"mkdir -p -m 700 /root/.ssh && echo '{key}' >/root/.ssh/authorized_keys")
    client.wait_until_succeeds("ssh -o StrictHostKeyChecking=accept-new root@server true", timeout=120)

with subtest("a run over ssh"):
    # Emulated processors may take longer than the second that a window of `smoke` has to read the counters.
    client.succeed("bench run smoke --window 5 --host ssh://root@server --out /tmp/virtual-smoke >&2", timeout=900)

with subtest("its rows are whole and valid"):
    environment = json.loads(client.succeed("cat /tmp/virtual-smoke/environment.json"))
    for side in ["server", "client"]:
        # Without it the report could not say that this was virtual.
        assert environment[side]["virtualization"] != "none", f"{side}: {environment[side]}"
    text = client.succeed("cat /tmp/virtual-smoke/measurements.csv")
    rows = list(csv.DictReader(io.StringIO(text)))
    arms = {row["arm"] for row in rows}
    assert {"tokio-published", "kio-uring"} <= arms, f"{arms}"
    for row in rows:
        assert row["error"] == "", f"{row}"
        assert int(row["requests"]) > 0, f"{row}"
        assert row["socket_errors"] == "0", f"{row}"
        assert row["connections_open"] == row["connections"], f"{row}"

with subtest("the analysis reads it"):
    client.succeed("analysis report /tmp/virtual-smoke --out /tmp/report >&2")
    claims = json.loads(client.succeed("cat /tmp/report/claims.json"))
    assert claims, "no claim was judged"

with subtest("nothing stays on the server"):
    for subject in ["kio-rs", "tokio-baseline"]:
        server.fail(f"pgrep -x {subject}")
