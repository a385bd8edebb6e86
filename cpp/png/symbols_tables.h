// The functions that the instruction set files define; png/symbols.cpp chooses among them.
#pragma once

#include "png/symbols.h"

namespace panfuse::png {

struct SymbolTable {
    DecodeSymbols decode;
};

const SymbolTable& baseline_symbols();
const SymbolTable& avx2_symbols();
const SymbolTable& avx512_symbols();

}  // namespace panfuse::png
