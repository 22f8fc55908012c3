"""The program against a stand-in of the cloud: every path ends with nothing left running."""

import os
import shutil
import signal
import subprocess
import tempfile
import unittest
from pathlib import Path

from api import Cloud, serve

TOKEN = "a-token-that-nobody-may-see"
PROGRAM = Path(__file__).resolve().parents[2] / "apps" / "hetzner.sh"
# Programs that reach the machines. Each writes down how it was called; a file FAIL-NAME says what of
# it fails, and PAUSE-NAME that it waits until it is ended.
STAND_IN = """#!/bin/bash
echo "$(basename "$0") $*" >>"$STAND_INS/calls"
name=$(basename "$0")
if [ -e "$STAND_INS/PAUSE-$name" ]; then
    touch "$STAND_INS/paused"
    exec "$REAL_SLEEP" 60
fi
if [ -e "$STAND_INS/FAIL-$name" ] && [[ "$*" == *$(cat "$STAND_INS/FAIL-$name")* ]]; then
    exit 1
fi
case $name in
scp)
    target=${!#}
    mkdir -p "$target/2026-01-01-arm-8c-card"
    echo rows >"$target/2026-01-01-arm-8c-card/measurements.csv"
    ;;
esac
"""


def setUpModule():
    # A shell gives what it starts in the background a SIGINT that is ignored, which no script can undo.
    # A handler of this process is the default in those that it starts, as at a terminal.
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Hetzner(unittest.TestCase):
    def setUp(self):
        self.directory = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.directory)
        self.stand_ins = self.directory / "bin"
        self.stand_ins.mkdir()
        for name in ["ssh", "scp", "nixos-anywhere", "sleep"]:
            (self.stand_ins / name).write_text(STAND_IN)
            (self.stand_ins / name).chmod(0o755)
        self.cloud = Cloud()
        server = serve(self.cloud)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.addCleanup(self.cloud.over.set)
        self.environment = {
            "PATH": f"{self.stand_ins}:{os.environ['PATH']}",
            "HOME": str(self.directory),
            "XDG_STATE_HOME": str(self.directory / "state"),
            "HCLOUD_ENDPOINT": f"http://127.0.0.1:{server.server_port}/v1",
            "HCLOUD_TOKEN": TOKEN,
            "FLAKE": "/flake",
            "STAND_INS": str(self.stand_ins),
            "REAL_SLEEP": shutil.which("sleep"),
        }

    def start(self, *arguments, **options):
        # As the program is packaged.
        script = ["bash", "-euo", "pipefail", str(PROGRAM), *arguments]
        return subprocess.Popen(
            script,
            cwd=self.directory,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **options,
        )

    def call(self, *arguments, answer=""):
        process = self.start(*arguments)
        output, _ = process.communicate(answer, timeout=300)
        self.assertNotIn(TOKEN, output)
        return process.returncode, output

    def calls(self):
        path = self.stand_ins / "calls"
        return path.read_text() if path.exists() else ""

    def made(self, kind):
        return [asked for method, path, asked in self.cloud.log if (method, path) == ("POST", f"/{kind}")]

    def make_fail(self, name, on):
        (self.stand_ins / f"FAIL-{name}").write_text(on)

    def refuse(self, method, path, status, code, after=0):
        self.cloud.refusals[method, path] = (status, code)
        self.cloud.passing[path] = after

    def assert_failed_and_nothing_left(self, status, output):
        self.assertNotEqual(status, 0, output)
        self.assertEqual(self.cloud.left(), [], output)
        self.assertIn("nothing is left running", output)

    def test_the_whole_way(self):
        status, output = self.call("all", "--yes", "quick", "--blocks", "3")
        self.assertEqual(status, 0, output)
        servers = self.made("servers")
        self.assertEqual([server["name"] for server in servers], ["io-uring-study-server", "io-uring-study-client"])
        self.assertTrue(all(server["labels"] == {"study": "io-uring"} for server in servers))
        self.assertTrue(all("placement_group" in server for server in servers))
        addresses = [asked["ip"] for _, path, asked in self.cloud.log if path.endswith("/attach_to_network")]
        self.assertEqual(addresses, ["10.0.0.2", "10.0.0.3"])
        self.assertIn("bench run quick --blocks 3  --host ssh://root@server", self.calls())
        self.assertIn("--flake /flake#hetzner-arm-client", self.calls())
        rows = self.directory / "results" / "2026-01-01-arm-8c-card" / "measurements.csv"
        self.assertEqual(rows.read_text(), "rows\n")
        self.assertEqual(self.cloud.left(), [])
        self.assertEqual(self.cloud.tokens, {f"Bearer {TOKEN}"})

    def test_costs_are_said_and_nothing_is_made_without_a_yes(self):
        status, output = self.call("up", answer="n\n")
        self.assertNotEqual(status, 0)
        self.assertIn("0.03 EUR an hour", output)
        self.assertIn("0.12 EUR", output)
        self.assertFalse([entry for entry in self.cloud.log if entry[0] == "POST"])

    def test_without_a_token_nothing_is_asked(self):
        del self.environment["HCLOUD_TOKEN"]
        status, output = self.call("up", "--yes")
        self.assertNotEqual(status, 0)
        self.assertIn("HCLOUD_TOKEN", output)
        self.assertEqual(self.cloud.log, [])

    def test_a_wrong_token(self):
        self.refuse("GET", "/.*", 401, "unauthorized")
        status, output = self.call("up", "--yes")
        self.assertNotEqual(status, 0)
        self.assertIn("is HCLOUD_TOKEN right?", output)

    def test_an_exceeded_quota(self):
        self.refuse("POST", "/servers", 403, "resource_limit_exceeded", after=1)
        self.assert_failed_and_nothing_left(*self.call("up", "--yes"))
        self.assertEqual(len(self.made("servers")), 2)

    def test_no_capacity(self):
        self.refuse("POST", "/servers", 412, "resource_unavailable")
        self.assert_failed_and_nothing_left(*self.call("up", "--yes"))

    def test_no_network(self):
        self.refuse("POST", "/networks", 403, "resource_limit_exceeded")
        self.assert_failed_and_nothing_left(*self.call("up", "--yes"))

    def test_a_machine_that_never_answers(self):
        self.make_fail("ssh", on="true")
        status, output = self.call("up", "--yes")
        self.assert_failed_and_nothing_left(status, output)
        self.assertIn("does not answer by ssh", output)

    def test_an_installation_that_fails(self):
        self.make_fail("nixos-anywhere", on="client")
        self.assert_failed_and_nothing_left(*self.call("up", "--yes"))

    def test_a_run_that_fails_is_fetched_first(self):
        self.make_fail("ssh", on="bench run")
        self.assert_failed_and_nothing_left(*self.call("all", "--yes"))
        self.assertTrue((self.directory / "results" / "2026-01-01-arm-8c-card").is_dir())

    def test_ctrl_c_while_installing(self):
        self.interrupted_in("nixos-anywhere", "up", "--yes")

    def test_ctrl_c_while_measuring(self):
        self.assertEqual(self.call("up", "--yes")[0], 0)
        self.interrupted_in("ssh", "bench")

    def test_ctrl_c_while_a_machine_is_being_made(self):
        self.cloud.makes_late = True
        process = self.start("up", "--yes", start_new_session=True)
        while not self.cloud.late:
            self.assertIsNone(process.poll(), "ended before it was interrupted")
            os.sched_yield()
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=300)
        self.assert_failed_and_nothing_left(process.returncode, output)
        self.assertIsNone(self.cloud.late, "the machine was not made after all")

    def interrupted_in(self, name, *arguments):
        (self.stand_ins / f"PAUSE-{name}").touch()
        process = self.start(*arguments, start_new_session=True)
        while not (self.stand_ins / "paused").exists():
            self.assertIsNone(process.poll(), "ended before it was interrupted")
            os.sched_yield()
        (self.stand_ins / f"PAUSE-{name}").unlink()
        # The whole group, as a terminal does it.
        os.killpg(process.pid, signal.SIGINT)
        output, _ = process.communicate(timeout=300)
        self.assert_failed_and_nothing_left(process.returncode, output)

    def test_a_deletion_that_fails_at_first_is_tried_again(self):
        self.assertEqual(self.call("up", "--yes")[0], 0)
        self.cloud.refusals["DELETE", "/networks/.*"] = (409, "conflict")
        process = self.start("down")
        while not any(method == "DELETE" and "/networks/" in path for method, path, _ in self.cloud.log):
            os.sched_yield()
        self.cloud.refusals.clear()
        output, _ = process.communicate(timeout=300)
        self.assertEqual(process.returncode, 0, output)
        self.assertEqual(self.cloud.left(), [])

    def test_what_cannot_be_deleted_is_said_aloud(self):
        self.assertEqual(self.call("up", "--yes")[0], 0)
        self.refuse("DELETE", "/servers/.*", 423, "locked")
        status, output = self.call("down")
        self.assertNotEqual(status, 0)
        self.assertIn("COULD NOT DELETE EVERYTHING", output)

    def test_a_second_up_is_refused_and_destroys_nothing(self):
        self.assertEqual(self.call("up", "--yes")[0], 0)
        status, output = self.call("up", "--yes")
        self.assertNotEqual(status, 0)
        self.assertIn("there are machines already", output)
        self.assertIn("servers", self.cloud.left())

    def test_a_run_that_is_here_is_never_written_to(self):
        self.assertEqual(self.call("up", "--yes")[0], 0)
        here = self.directory / "results" / "2026-01-01-arm-8c-card"
        here.mkdir(parents=True)
        (here / "measurements.csv").write_text("mine")
        self.assertEqual(self.call("fetch")[0], 0)
        self.assertEqual((here / "measurements.csv").read_text(), "mine")


if __name__ == "__main__":
    unittest.main()
