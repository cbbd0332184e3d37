// The verb `diagnose` as a program of its own, for the evaluation scripts.
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "apps/diagnose.h"

int main(int argc, char** argv) {
  try {
    return leumund::apps::run_diagnose(std::vector<std::string>(argv + 1, argv + argc), stdout,
                                       stderr);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "leumund diagnose: %s\n", error.what());
    return 2;
  }
}
