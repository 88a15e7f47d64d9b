<?php
// PHP's fork server; the warden's fork_server.py has the protocol.
//
//     php -d auto_prepend_file=/FOLDER/fork_server.php main.php
//
// A prepended file runs when PHP has opened the main program and before it has read anything of it.
// A forked child returns from here with another file behind the open descriptor, and PHP compiles
// it as the main program that it is. PHP itself cannot put a file behind a descriptor that is there;
// libc can.
(static function (string $entry): void {
    $libc = FFI::cdef('
        int open(const char *, int); int dup3(int, int, int); int close(int);
        long read(int, char *, size_t); long write(int, const char *, size_t);
        int setresuid(unsigned, unsigned, unsigned);
        int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long);
    ');
    $read_only = 0;
    $write_only = 1;
    $close_on_exec = 02000000;
    $set_dumpable = 4;
    $behind = static fn (int $fd): string => (string) @readlink("/proc/self/fd/$fd");
    $open = array_filter(range(3, 9), static fn ($fd) => $behind($fd) !== '');
    $found = array_filter($open, static fn ($fd) => str_ends_with($behind($fd), "/$entry"));
    $script = reset($found);
    // This file among them: what is open for all programs would carry its position to the next.
    $others = array_diff($open, $found);

    $must = static function (bool $done): void {
        $done || posix_kill(getmypid(), SIGKILL);
    };
    $put = static function (string $path, int $flags, int $fd, int $lasting) use ($libc, $must) {
        $opened = $libc->open($path, $flags);
        $must($opened >= 0 && $libc->dup3($opened, $fd, $lasting) === $fd);
        $libc->close($opened);
    };
    $become = static function (int $uid, string $streams) use (
        $libc, $must, $put, $entry, $script, $others, $read_only, $write_only, $close_on_exec, $set_dumpable
    ): void {
        $must(posix_setsid() > 0);
        $put("$streams/in", $read_only, 0, 0);
        $put("$streams/out", $write_only, 1, 0);
        $put("$streams/err", $write_only, 2, 0);
        array_map('unlink', ["$streams/in", "$streams/out", "$streams/err"]);
        $must(rmdir($streams));
        foreach ($others as $fd) {
            $put('/dev/null', $read_only, $fd, $close_on_exec);
        }
        $put($entry, $read_only, $script, $close_on_exec);
        $must($libc->setresuid($uid, $uid, $uid) === 0 && posix_getuid() === $uid);
        $libc->prctl($set_dumpable, 1, 0, 0, 0);
        while (posix_getppid() !== 1) {
            usleep(100);
        }
        $_SERVER['REQUEST_TIME_FLOAT'] = microtime(true);
        $_SERVER['REQUEST_TIME'] = time();
    };

    $say = static fn (string $text) => $libc->write(1, $text, strlen($text));
    $buffer = $libc->new('char[64]');
    $must($script !== false);
    $say("ready\n");
    while (($length = $libc->read(0, $buffer, 64)) > 0) {
        [$uid, $streams] = explode(' ', trim(FFI::string($buffer, $length)));
        $helper = pcntl_fork();
        if ($helper === 0) {
            $program = pcntl_fork();
            if ($program === 0) {
                $become((int) $uid, $streams);
                return;
            }
            $say("$program\n");
            $must(false);
        }
        pcntl_waitpid($helper, $status);
    }
    $must(false);
})($_SERVER['argv'][0]);
