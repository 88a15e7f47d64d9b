from fractions import Fraction
import statistics, math, cmath
print(Fraction(1, 3) + Fraction("0.25"), statistics.mean([1, 2, 4]), statistics.quantiles(range(10)), statistics.NormalDist(0, 1).cdf(1))
print(math.comb(50, 25), math.isqrt(10**20), math.prod(range(1, 9)), cmath.exp(1j), math.nextafter(1, 2), math.fsum([.1] * 10))
