#lang racket ; expect: memory_limit
(define held (let loop ([held null] [n 0]) (if (< n 100000000) (loop (cons (make-bytes 1000000 1) held) (add1 n)) held)))
