#lang racket ; expect: passed
(printf "hello ~a\n" (* 6 7))
