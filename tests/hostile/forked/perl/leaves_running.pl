for (1 .. 8) { next if fork; setpgrp; sleep 60 while 1 }
print "left\n";
