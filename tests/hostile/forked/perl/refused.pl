use strict;

my $x = ;
