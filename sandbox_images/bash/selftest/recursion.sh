# expect: passed
deep() { if (($1 == 0)); then result=0; else deep $(($1 - 1)); ((result += 1)); fi; }
deep 500
echo $((result * 10))
