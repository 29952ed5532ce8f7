#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The files under the running daemon are locked, full, read-only or gone: a setting is refused with
503 and the cause, calls and registrations go on meanwhile, and it works again when the cause is
gone. docs/storage.md "When something is in the way".

Some of it needs a file system of its own: where none can be mounted, another means is taken, and
the test says so.
"""

import json
import resource
import shutil
import sqlite3
import subprocess
import threading

from processes import wait_until
from runner import arguments, check, run_script, run_trial
from wire import LINE, Pbx, Wire, response_to

OFFSET = 1400
GRANTED_S = 4  # so that registrations are refreshed while a trouble lasts


def grant_briefly(request):
    """A REGISTER is granted for a few seconds only."""
    if request.method != "REGISTER":
        return Pbx.accept(request)
    return [response_to(request, 200, "OK", (
        f"Contact: {request.first('Contact')};expires={GRANTED_S}",))]


def run(*command):
    """Whether a command of the system succeeds."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


class Mount:
    """A file system of its own in the place of the (empty) data directory."""

    def __init__(self, wire):
        self.wire, self.image = wire, wire.directory / "image"

    def mount_tmpfs(self):
        self.wire.lineward.data.mkdir(exist_ok=True)
        return run("mount", "-t", "tmpfs", "-o", "size=4m", "none", self.wire.lineward.data)

    def mount_disk(self):
        self.wire.lineward.data.mkdir(exist_ok=True)
        with open(self.image, "wb") as image:
            image.truncate(16 << 20)
        return run("mkfs.ext4", "-q", "-F", self.image) and self.mount_again()

    def mount_again(self):
        return run("mount", "-o", "loop", self.image, self.wire.lineward.data)

    def forbid_writing(self):
        return run("mount", "-o", "remount,abort", self.wire.lineward.data)

    def unmount(self):
        check(run("umount", self.wire.lineward.data), "it cannot be unmounted")


class Trial:
    def __init__(self, binary):
        self.wire = Wire("storage", binary, OFFSET)
        self.lineward, self.data = self.wire.lineward, self.wire.lineward.data
        self.wire.pbx.answer = grant_briefly
        self.calls = 0
        self.begin()

    def begin(self):
        """A daemon with a line, on an empty data directory."""
        self.lineward.token_file = self.data / "api.token"
        self.wire.set_up("--register-rate", "100")
        # The directory may be moved away.
        copy = self.wire.directory / "token"
        copy.write_text(self.lineward.token_file.read_text())
        self.lineward.token_file = copy

    def tell(self, text):
        print(f"   {text}", flush=True)

    # ---- what is checked of each trouble

    def call(self):
        self.calls += 1
        call_id = f"call-{self.calls}"
        final = self.wire.pbx.call(call_id)
        check(final.status == 302, f"{final.start_line}, not 302")
        return call_id

    def change(self, name):
        return self.lineward.request("PATCH", f"groups/wire/lines/{LINE}", {"display_name": name})

    def check_refused(self, *words):
        """A change gets 503 with the cause; a call is served while it waits, and after it."""
        answers = []
        asker = threading.Thread(target=lambda: answers.append(self.change("refused")))
        asker.start()
        self.call()
        asker.join()
        self.call()
        status, answer = answers[0]
        check(status == 503, f"{status}, not 503: {answer}")
        for word in words:
            check(word in answer["detail"], f"it does not say {word!r}: {answer['detail']}")

    def check_registers(self):
        known = len(self.wire.pbx.requests)
        wait_until("the line registers anew", lambda: any(
            request.method == "REGISTER" for request in self.wire.pbx.requests[known:]), 15)

    def check_works(self, name, seconds=5):
        """Without a restart: changes are saved, calls are served and written down."""
        wait_until("a change is saved again", lambda: self.change(name)[0] == 200, seconds)
        line = self.lineward.api("GET", f"groups/wire/lines/{LINE}")
        check(line["display_name"] == name, f"the change is not there: {line}")
        self.lineward.journal_of(self.call(), 1)

    def check_restart(self, name):
        """What was acknowledged is there after kill -9, too."""
        self.lineward.program.kill()
        self.lineward.start()
        line = self.lineward.api("GET", f"groups/wire/lines/{LINE}")
        check(line["display_name"] == name, f"after the restart: {line}")
        self.lineward.wait_registered([LINE], group="wire")
        self.call()

    def wait_said(self, already, words):
        wait_until(f"the log says {words!r}",
                   lambda: words in self.lineward.program.text()[already:], 10)

    # ---- locked

    def lock(self, file):
        other = sqlite3.connect(self.data / file, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        return other

    def test_locked(self):
        """Another program holds a transaction on the settings."""
        other = self.lock("lineward.db")
        self.check_refused("lineward.db", "is locked by another program")
        self.check_registers()
        other.execute("ROLLBACK")
        other.close()
        self.check_works("after locked")

    def test_journal_locked(self):
        """Another program holds a transaction on the journal: calls and settings go on."""
        already = len(self.lineward.program.text())
        other = self.lock("journal.db")
        self.call()
        check(self.change("while the journal is locked")[0] == 200, "a setting was refused")
        self.wait_said(already, "journal entries lost")
        self.wait_said(already, "journal.db: is locked by another program")
        self.call()
        other.execute("ROLLBACK")
        other.close()
        self.check_works("after the journal was locked")

    # ---- full

    def test_files_limited(self):
        """No file may grow (EFBIG), as with a quota."""
        pid = self.wire.pid()
        before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, before[1]))
        self.check_refused("lineward.db", "reading or writing failed")
        self.check_registers()
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
        self.check_works("after the limit")
        self.check_restart("after the limit")

    def on_other(self, mount, body, otherwise):
        """Runs `body` with the data directory on a file system of its own, mounted by `mount`; says
        `otherwise` where there can be none."""
        self.lineward.stop()
        kept = self.wire.directory / "kept"
        shutil.move(self.data, kept)
        if mount():
            try:
                self.begin()
                body()
            finally:
                self.lineward.program.kill()
                Mount(self.wire).unmount()
                self.back_from_other(kept)
        else:
            self.tell(otherwise)
            self.back_from_other(kept)
        self.check_works("on the usual file system")

    def back_from_other(self, kept):
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.move(kept, self.data)
        self.lineward.token_file.write_text((self.data / "api.token").read_text())
        self.lineward.start()

    def test_full(self):
        """The file system is full (ENOSPC)."""
        self.on_other(Mount(self.wire).mount_tmpfs, self.fill_and_empty,
                      "no tmpfs here: the limit of the files' size stands for the full disk")

    def fill_and_empty(self):
        filler = self.data / "filler"
        with open(filler, "wb", buffering=0) as file:
            try:
                for size in (65536, 4096):
                    while file.write(b"x" * size) == size:
                        pass
            except OSError:
                pass
        # What the log has room for, from earlier changes, is used up first.
        wait_until("no change is saved any more", lambda: self.change("x" * 100)[0] != 200, 20)
        self.check_refused("lineward.db", "the disk is full")
        self.check_registers()
        filler.unlink()
        self.check_works("there is room")
        self.check_restart("there is room")

    # ---- read-only

    def test_read_only(self):
        """The file system becomes read-only, as after an error of the disk. Only mounting it anew
        makes it writable: the daemon is started again then, and has what it acknowledged."""
        self.on_other(Mount(self.wire).mount_disk, self.forbid_writing,
                      "nothing can be mounted from a file here: store/trouble and store/disk stand "
                      "for it")

    def forbid_writing(self):
        mount = Mount(self.wire)
        self.check_works("before")
        check(mount.forbid_writing(), "it cannot be made read-only")
        self.check_refused("lineward.db", "reading or writing failed")
        self.check_registers()
        self.check_refused("lineward.db", "reading or writing failed")
        self.lineward.program.kill()
        mount.unmount()
        check(mount.mount_again(), "it cannot be mounted again")
        self.lineward.start()
        line = self.lineward.api("GET", f"groups/wire/lines/{LINE}")
        check(line["display_name"] == "before", f"after the restart: {line}")
        self.check_works("after")

    def test_read_only_for_a_while(self):
        """Files that may not be written for a while, those that are open too: changes work again
        without a restart as soon as they may."""
        self.on_other(Mount(self.wire).mount_disk, self.forbid_files,
                      "nothing can be mounted from a file here: store/trouble and store/disk stand "
                      "for it")

    def forbid_files(self):
        files = [path for path in self.data.iterdir() if path.name.startswith("lineward.db")]
        self.check_works("before the while")
        check(len(files) == 3, f"{files}, not the database, its log and its index")
        check(run("chattr", "+i", *files), "they cannot be made immutable")
        try:
            self.check_refused("lineward.db")
            self.check_registers()
            self.check_refused("lineward.db")
        finally:
            check(run("chattr", "-i", *files), "they cannot be made changeable")
        self.check_works("after the while")
        self.check_restart("after the while")

    # ---- gone

    def test_moved_away(self):
        """The database, its log, then the whole directory: moved away and put back."""
        away = self.wire.directory / "away"
        for path in (self.data / "lineward.db", self.data / "lineward.db-wal", self.data):
            path.rename(away)
            self.check_refused("lineward.db", "was removed or replaced while in use", "put it back")
            self.check_registers()
            call_id = self.call()
            away.rename(path)
            self.check_works(f"after {path.name}")
            self.lineward.journal_of(call_id, 1)
        self.check_restart("after data")

    def test_journal_removed(self):
        """A new one is begun at once; nothing else is touched."""
        already = len(self.lineward.program.text())
        for path in self.data.glob("journal.db*"):
            path.unlink()
        call_id = self.call()
        self.lineward.journal_of(call_id, 1)
        self.wait_said(already, "journal.db was removed or replaced")
        self.check_works("after the journal")
        self.check_restart("after the journal")
        self.lineward.journal_of(call_id, 1)

    def test_removed_for_good(self):
        """What the message says is done: a restart with a back-up."""
        archive = self.wire.directory / "backup.tar"
        self.check_works("in the back-up")
        self.lineward.command("backup", str(archive), "--data-dir", str(self.data))
        for path in self.data.glob("lineward.db*"):
            path.unlink()
        self.check_refused("lineward.db", "restart the server with a back-up")
        self.check_registers()
        self.lineward.stop()
        self.lineward.command("restore", str(archive), "--data-dir", str(self.data))
        self.lineward.start()
        line = self.lineward.api("GET", f"groups/wire/lines/{LINE}")
        check(line["display_name"] == "in the back-up", json.dumps(line))
        self.lineward.wait_registered([LINE], group="wire")
        self.check_works("after all")


def main():
    options = arguments(__doc__)
    return run_trial(Trial(options.bin), options.names)


if __name__ == "__main__":
    run_script(main)
