# expect: passed
read -r count
read -ra numbers
sum=0
for number in "${numbers[@]:0:count}"; do ((sum += number)); done
echo "$sum"
