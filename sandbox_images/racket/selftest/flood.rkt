#lang racket ; expect: output_limit
(let loop () (displayln "more and more and more") (loop))
