my @won;
select undef, undef, undef, 0.1;    # the process between the server and this one ends meanwhile
my @others = map { m{(\d+)} } grep { !m{/$$$} } glob '/proc/[0-9]*';
for my $pid (@others) {
    push @won, "kill $pid" if $pid != 1 && kill 9, $pid;
    push @won, "stop $pid" if $pid != 1 && kill 'STOP', $pid;
    for my $name (qw(mem environ maps fd/0 fd/1 fd/3 cwd/.)) {
        push @won, "$pid $name" if open my $file, '<', "/proc/$pid/$name";
        push @won, "$pid $name" if open my $file, '+<', "/proc/$pid/$name";
    }
}
kill 9, -1;
push @won, 'root' if syscall(105, 0) == 0 || syscall(117, 0, 0, 0) == 0;
push @won, 'ids' if `id -u` == 0 || do { local @ARGV = '/proc/self/status'; grep { /^Uid.*\b0\b/ } <> };
push @won, 'capability' if do { local @ARGV = '/proc/self/status'; grep { /^Cap(?!Bnd)\w+:.*[1-9a-f]/ } <> };
push @won, 'descriptor' if grep { -e "/proc/self/fd/$_" && readlink("/proc/self/fd/$_") !~ m{^/work/|/proc} } 3 .. 99;
push @won, 'streams' if open my $again, '<', '/proc/self/fd/1';
push @won, 'server' if grep { !-d "/proc/$_" } @others;
print @won ? "@won" : 'contained', "\n";
