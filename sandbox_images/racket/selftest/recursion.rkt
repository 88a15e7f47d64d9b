#lang racket ; expect: passed
(define (deep n) (if (zero? n) 0 (add1 (deep (sub1 n)))))
(displayln (deep 5000))
