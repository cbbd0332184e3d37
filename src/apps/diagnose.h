// The verb `diagnose`: what refusals mean, without daemon, configuration or network.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace leumund::apps {

// `leumund diagnose [--replies] [--json] [--registry FILE] [FILE...]`; no file is standard input.
// Returns the exit status: 0 done, 1 nothing could be read as a reply, 2 wrong use or bad input.
int run_diagnose(const std::vector<std::string>& arguments, std::FILE* out, std::FILE* err);

}  // namespace leumund::apps
