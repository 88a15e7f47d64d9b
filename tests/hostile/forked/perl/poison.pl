BEGIN { *CORE::GLOBAL::print = sub { }; *CORE::GLOBAL::die = sub { }; push @INC, '/tmp' }
no warnings;
$INC{'strict.pm'} = '/tmp/evil'; $ENV{PERL5LIB} = '/tmp'; $SIG{__DIE__} = sub { print "evil" };
*strict::import = sub { print "evil\n" };
$0 = 'evil'; srand 7; $, = 'evil'; $/ = 'evil'; $\ = 'evil'; chdir '/tmp'; umask 0; alarm 1000;
open EVIL, '>', '/tmp/strict.pm'; our $evil = 1;
