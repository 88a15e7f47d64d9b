// expect: passed
package main

import (
	"fmt"
	"sync"
	"sync/atomic"
)

func main() {
	var total int64
	var all sync.WaitGroup
	for i := 0; i < 4; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for j := 0; j < 1000; j++ {
				atomic.AddInt64(&total, 1)
			}
		}()
	}
	all.Wait()
	fmt.Println(total)
}
