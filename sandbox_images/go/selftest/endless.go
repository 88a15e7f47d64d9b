// expect: cpu_timeout
package main

func main() {
	for {
	}
}
