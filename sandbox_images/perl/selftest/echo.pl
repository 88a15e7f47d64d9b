# expect: passed
print while <STDIN>;
