#!/usr/bin/perl -w
use strict;
BEGIN { print "begin $0 ", __FILE__, " ", __LINE__, "\n" }
INIT { print "init\n" }
END { print "end $?\n" }
use warnings;
print join(' ', __FILE__, $0, __LINE__, "[@ARGV]", caller() ? 'called' : 'main'), "\n";
print 'read: ', <STDIN>, 'data: ', <DATA>;
print join(' ', sort(keys %INC), '|', @INC, '|', sort keys %SIG), "\n";
print join(' ', map { s/\W//gr } sort grep { /::/ } keys %main::), "\n";
print join(' ', $^W, ${^TAINT}, $^O, $^X, $;, defined $^S ? $^S : 'undef', getppid), "\n";
print join(' ', -t STDIN || 0, -t STDOUT || 0, fileno STDIN, fileno STDOUT, fileno STDERR), "\n";
print time - $^T < 5 ? "now\n" : "then\n";
warn "careful";
my $nothing;
print "x" . $nothing, "\n";
$! = 0;
die { code => 3 } if @ARGV;
$? = 7;
die "gone\n\tfor good";
__END__
of data
