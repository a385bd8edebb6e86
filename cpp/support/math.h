// Exponentials without libm, so that every device and instruction set computes the same bits.
//
// The method is that of SLEEF's expf (Shibata and Petrogalli, "SLEEF: A Portable Vectorized Library
// of C Standard Mathematical Functions", TPDS 2020) in its form with fused multiply-add, which is
// what torch computes on a CPU: the error is below 1 ulp.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "support/platform.h"

namespace panfuse {

// x * y + z, rounded once.
PF_HD inline float fused(float x, float y, float z) {
#if defined(__CUDA_ARCH__)
    return fmaf(x, y, z);
#else
    return __builtin_fmaf(x, y, z);
#endif
}

// 2 to the power n, -126 <= n <= 127.
PF_HD inline float power_of_two(int n) {
    return std::bit_cast<float>(static_cast<std::uint32_t>(n + 127) << 23);
}

PF_HD inline float exponential(float x) {
    if (x != x) return x;
    if (x < -104.0f) return 0.0f;
    if (x > 100.0f) return std::bit_cast<float>(0x7F800000u);
    // Rounds to nearest, ties to even: the sum has no bits below 1.
    constexpr float shift = 12582912.0f;
    const float q = (x * 1.442695040888963407359924681001892137f + shift) - shift;
    float s = fused(q, -0.693145751953125f, x);
    s = fused(q, -1.428606765330187045e-06f, s);
    float u = 0.000198527617612853646278381f;
    u = fused(u, s, 0.00139304355252534151077271f);
    u = fused(u, s, 0.00833336077630519866943359f);
    u = fused(u, s, 0.0416664853692054748535156f);
    u = fused(u, s, 0.166666671633720397949219f);
    u = fused(u, s, 0.5f);
    u = 1.0f + fused(s * s, u, s);
    const int n = static_cast<int>(q);
    const int half = n >> 1;
    return u * power_of_two(half) * power_of_two(n - half);
}

// 1 / (1 + exp(-x)), as torch computes it.
PF_HD inline float sigmoid(float x) { return 1.0f / (1.0f + exponential(0.0f - x)); }

// The sum of n numbers, in the order of torch on a CPU with vectors of 16: every 16th number is
// added up, then halves of the 16 sums are. Fewer than 16 are added in order.
PF_HD inline float sum_of(const float* x, std::size_t n) {
    constexpr std::size_t lanes = 16;
    if (n < lanes) {
        float sum = n == 0 ? 0.0f : x[0];
        for (std::size_t i = 1; i < n; ++i) sum += x[i];
        return sum;
    }
    float sums[lanes];
    for (std::size_t i = 0; i < lanes; ++i) sums[i] = x[i];
    for (std::size_t i = lanes; i < n; ++i) sums[i % lanes] += x[i];
    for (std::size_t half = lanes / 2; half > 0; half /= 2)
        for (std::size_t i = 0; i < half; ++i) sums[i] += sums[i + half];
    return sums[0];
}

// Of n numbers: e to the power of each, less their maximum, over the sum of these; as torch
// computes it. NaN spreads to all.
PF_HD inline void softmax(const float* x, std::size_t n, float* out) {
    if (n == 0) return;
    float largest = x[0];
    for (std::size_t i = 1; i < n; ++i)
        if (x[i] > largest || x[i] != x[i]) largest = x[i];
    for (std::size_t i = 0; i < n; ++i) out[i] = exponential(x[i] - largest);
    const float part = 1.0f / sum_of(out, n);
    for (std::size_t i = 0; i < n; ++i) out[i] *= part;
}

}  // namespace panfuse
