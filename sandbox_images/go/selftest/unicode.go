// expect: passed
package main

import "fmt"

func main() { fmt.Println("naïve 你好 🎉 łódź") }
