// `leumundd dnsbl`: only the list server, on zone files.
#pragma once

namespace leumund::apps {

// `argv[0]` is the word behind "leumundd". Returns the exit status.
int run_dnsbl(int argc, char** argv);

}  // namespace leumund::apps
