#pragma once

namespace panfuse::evaluation {

// Whose rules hold.
enum class Protocol {
    coco,        // areas are pixels, every crowd counts, decisions are made with integers
    panopticapi  // as pq_compute_single_core does it, with its quirks
};

}  // namespace panfuse::evaluation
