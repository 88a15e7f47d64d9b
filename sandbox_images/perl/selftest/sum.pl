# expect: passed
my $count = <STDIN>;
my @numbers = split " ", <STDIN>;
my $sum = 0;
$sum += $_ for @numbers[0 .. $count - 1];
print "$sum\n";
