<?php
usleep(100_000); // the process between the server and this one ends meanwhile
$won = [];
$others = array_diff(array_map(fn ($path) => (int) basename($path), glob('/proc/[0-9]*')), [getmypid()]);
foreach ($others as $pid) {
    if ($pid != 1 && @posix_kill($pid, SIGKILL)) $won[] = "kill $pid";
    if ($pid != 1 && @posix_kill($pid, SIGSTOP)) $won[] = "stop $pid";
    foreach (['mem', 'environ', 'maps', 'fd/0', 'fd/1', 'fd/3', 'cwd/.'] as $name)
        foreach (['r', 'r+'] as $mode) if (@fopen("/proc/$pid/$name", $mode)) $won[] = "$pid $name";
}
posix_kill(-1, SIGKILL);
if (@posix_setuid(0) || @posix_seteuid(0) || posix_getuid() == 0) $won[] = 'root';
$status = file_get_contents('/proc/self/status');
if (preg_match('/^Uid.*\b0\b/m', $status)) $won[] = 'ids';
if (preg_match('/^Cap(?!Bnd)\w+:.*[1-9a-f]/m', $status)) $won[] = 'capability';
foreach (range(3, 99) as $fd)
    if (preg_match('~^(?!/work/|/proc|/dev/null)~', @readlink("/proc/self/fd/$fd") ?: '/proc')) $won[] = "descriptor $fd";
if (@fopen('/proc/self/fd/1', 'r')) $won[] = 'streams';
foreach ($others as $pid) if (!is_dir("/proc/$pid")) $won[] = 'server';
echo $won ? implode(' ', $won) : 'contained', "\n";
