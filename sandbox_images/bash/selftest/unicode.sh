# expect: passed
echo "naïve 你好 🎉 łódź"
