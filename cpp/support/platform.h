// What a rule needs to compile for a CPU, for CUDA and for the emulator alike.
#pragma once

#if defined(__CUDACC__) || defined(PANFUSE_EMULATED)
#define PF_HD __host__ __device__
#else
#define PF_HD
#endif
