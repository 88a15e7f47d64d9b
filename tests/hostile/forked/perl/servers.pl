my $skip = $$;    # itself
for my $file (glob '/proc/[0-9]*/cmdline') {
    open my $handle, '<', $file or next;
    my $line = <$handle>;
    my ($pid) = $file =~ /(\d+)/;
    print "server\n" if $line =~ /ForkServer/ && $line !~ /warden/ && $pid != $skip;
}
