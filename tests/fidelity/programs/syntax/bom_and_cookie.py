# coding: utf-8
print('both')
