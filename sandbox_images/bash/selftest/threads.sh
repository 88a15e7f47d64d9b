# expect: passed
for i in 1 2 3 4; do (sleep 0.01; echo 1000) & done | { sum=0; while read -r n; do ((sum += n)); done; echo "$sum"; }
