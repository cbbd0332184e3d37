// The records of a DNS answer, from the bytes that libunbound hands over.
//
// Limits:  names of 253 bytes, texts of 4 KiB; at most 256 records of an answer are read.
// Threads: pure. Errors: false for a record that is damaged or none of its type; it is left out.
#pragma once

#include <string_view>

#include "net/resolver.h"

namespace leumund::net {

// Adds what one record says to `answer`.
bool read_rdata(RecordType type, std::string_view data, DnsAnswer& answer);

}  // namespace leumund::net
