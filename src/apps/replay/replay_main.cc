// The verb `replay` as a program of its own, for the evaluation scripts.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "apps/replay/replay.h"

int main(int argc, char** argv) {
  try {
    return leumund::apps::run_replay(std::vector<std::string>(argv + 1, argv + argc), stdout,
                                     stderr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "leumund-replay: %s\n", error.what());
    return 2;
  }
}
