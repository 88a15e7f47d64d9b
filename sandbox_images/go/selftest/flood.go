// expect: output_limit
package main

import (
	"os"
	"strings"
)

func main() {
	text := strings.Repeat("more and more and more\n", 1000)
	for {
		os.Stdout.WriteString(text)
	}
}
