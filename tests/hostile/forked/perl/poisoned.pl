use strict;
print "clean\n" unless $main::evil || $ENV{PERL5LIB} || grep { /tmp/ } @INC, values %INC;
