#include "evidence/block_cell_codec.h"

#include <limits>

#include "evidence/byte_stream.h"

namespace leumund::evidence {
namespace {

constexpr std::uint8_t format_version = 2;
constexpr std::uint8_t without_classes = 1;  // records of earlier versions are read
constexpr std::size_t record_bytes_max = 64U << 10;
constexpr std::size_t name_bytes_max = 255;

using Writer = ByteWriter;
using Reader = ByteReader;

void write_text(Writer& writer, std::string_view text) {
  writer.number(text.size());
  writer.bytes(text);
}

void read_text(Reader& reader, std::string& out, std::size_t most) {
  out.assign(reader.bytes(reader.number(most)));
}

// A sum, share or count that lies in [0, most]; anything else makes the record a bad one.
bool read_real(Reader& reader, float& value, float most) {
  reader.real(value);
  return !reader.failed() && value >= 0 && value <= most;
}

constexpr float sum_most = 1e6F;
constexpr float count_most = 1e12F;

void write_test(Writer& writer, const BlockTest& test) {
  writer.number(static_cast<std::uint64_t>(test.state));
  for (const float sum : test.against) writer.real(sum);
  for (const float sum : {test.for_open, test.share_then, test.slot_added, test.slow_added}) {
    writer.real(sum);
  }
  writer.signed_number(test.slot);
  writer.signed_number(test.slow_slot);
  for (const float count : {test.tried, test.refused, test.usual_tried, test.usual_blocked,
                            test.usual_slowed, test.new_blocked, test.new_slowed}) {
    writer.real(count);
  }
  writer.number(test.one_account ? 1 : 0);
  writer.number(test.others_passed ? 1 : 0);
  writer.time(test.at);
  writer.time(test.changed_at);
}

bool read_test(Reader& reader, BlockTest& test) {
  test.state = static_cast<model::CellState>(
      reader.number(static_cast<std::uint64_t>(model::CellState::half_open)));
  bool fine = true;
  for (float& sum : test.against) fine &= read_real(reader, sum, sum_most);
  fine &= read_real(reader, test.for_open, sum_most);
  fine &= read_real(reader, test.share_then, 1);
  fine &= read_real(reader, test.slot_added, sum_most);
  fine &= read_real(reader, test.slow_added, sum_most);
  test.slot = reader.signed_number();
  test.slow_slot = reader.signed_number();
  for (float* count : {&test.tried, &test.refused, &test.usual_tried, &test.usual_blocked,
                       &test.usual_slowed, &test.new_blocked, &test.new_slowed}) {
    fine &= read_real(reader, *count, count_most);
  }
  test.one_account = reader.flag();
  test.others_passed = reader.flag();
  reader.time(test.at);
  reader.time(test.changed_at);
  return fine && !reader.failed();
}

void write_count(Writer& writer, const DistinctCount& count) {
  writer.number(count.members().size());
  for (const std::uint32_t member : count.members()) writer.number(member);
  writer.number(count.estimate().size());
  for (const std::uint8_t rank : count.estimate()) writer.number(rank);
}

bool read_count(Reader& reader, DistinctCount& count) {
  std::vector<std::uint32_t> members(reader.number(DistinctCount::exact_max));
  for (auto& member : members) member = static_cast<std::uint32_t>(reader.number(UINT32_MAX));
  std::vector<std::uint8_t> estimate(reader.number(DistinctCount::registers));
  for (auto& rank : estimate) rank = static_cast<std::uint8_t>(reader.number(UINT8_MAX));
  return !reader.failed() && count.restore(members, estimate);
}

void write_examples(Writer& writer, const std::deque<model::BlockExample>& examples) {
  writer.number(examples.size());
  for (const model::BlockExample& example : examples) {
    writer.time(example.at);
    for (const auto* text : {&example.remote, &example.stage, &example.queue_id, &example.reply}) {
      write_text(writer, *text);
    }
  }
}

void read_examples(Reader& reader, std::deque<model::BlockExample>& examples, std::size_t most) {
  examples.resize(reader.number(most));
  for (model::BlockExample& example : examples) {
    reader.time(example.at);
    read_text(reader, example.remote, name_bytes_max);
    read_text(reader, example.stage, 16);
    read_text(reader, example.queue_id, 64);
    read_text(reader, example.reply, block_example_bytes * 2);
  }
}

void write_impact(Writer& writer, const BlockImpact& impact) {
  writer.time(impact.first_refused_at);
  for (const auto* count :
       {&impact.mails, &impact.recipients, &impact.sender_domains, &impact.accounts}) {
    write_count(writer, *count);
  }
  for (const std::uint64_t mails : impact.classes) writer.number(mails);
  writer.number(impact.refusals_by_list);
  writer.number(impact.refusals);
  writer.number(impact.other_refusals);
  writer.number(impact.account);
  write_text(writer, impact.listed_address);
  writer.number(impact.lists.size());
  for (const auto& [list, times] : impact.lists) {
    write_text(writer, list);
    writer.number(times);
  }
  write_examples(writer, impact.examples);
  write_examples(writer, impact.other_examples);
}

bool read_impact(Reader& reader, BlockImpact& impact, std::uint64_t version) {
  reader.time(impact.first_refused_at);
  for (auto* count :
       {&impact.mails, &impact.recipients, &impact.sender_domains, &impact.accounts}) {
    if (!read_count(reader, *count)) return false;
  }
  if (version == without_classes) {
    impact.classes[0] = impact.mails.count();
  } else {
    for (std::uint64_t& mails : impact.classes) mails = reader.number(UINT32_MAX);
  }
  impact.refusals_by_list = reader.number(UINT64_MAX);
  impact.refusals = reader.number(UINT64_MAX);
  impact.other_refusals = reader.number(UINT64_MAX);
  impact.account = reader.number(UINT64_MAX);
  read_text(reader, impact.listed_address, 64);
  impact.lists.resize(reader.number(BlockImpact::lists_max));
  for (auto& [list, times] : impact.lists) {
    read_text(reader, list, name_bytes_max);
    times = static_cast<std::uint32_t>(reader.number(UINT32_MAX));
  }
  read_examples(reader, impact.examples, BlockImpact::examples_max);
  read_examples(reader, impact.other_examples, BlockImpact::other_examples_max);
  return !reader.failed();
}

}  // namespace

void encode_block_cell(const BlockCell& cell, std::string& out) {
  Writer writer(out);
  writer.number(format_version);
  write_test(writer, cell.test);
  for (const auto at : {cell.last_refused_at, cell.last_accepted_at, cell.touched_at}) {
    writer.time(at);
  }
  writer.number(cell.recent_next);
  for (const std::uint32_t mark : cell.recent) writer.number(mark);
  writer.number(cell.impact ? 1 : 0);
  if (cell.impact) write_impact(writer, *cell.impact);
}

base::Status decode_block_cell(std::string_view state, BlockCell& cell) {
  using base::Error;
  using base::ErrorCode;
  if (state.size() > record_bytes_max) {
    return Error{ErrorCode::too_large, "a stored cell of the block matrix is over 64 KiB"};
  }
  Reader reader(state);
  const std::uint64_t version = reader.number(UINT64_MAX);
  if (version != format_version && version != without_classes) {
    return Error{ErrorCode::malformed, "a stored cell of the block matrix is of another version"};
  }
  BlockCell read;
  const bool fine = read_test(reader, read.test);
  for (auto* at : {&read.last_refused_at, &read.last_accepted_at, &read.touched_at}) {
    reader.time(*at);
  }
  read.recent_next = static_cast<std::uint8_t>(reader.number(read.recent.size() - 1));
  for (auto& mark : read.recent) mark = static_cast<std::uint32_t>(reader.number(UINT32_MAX));
  const bool hit = reader.flag();
  const bool whole = fine && !reader.failed() && (!hit || read_impact(reader, read.hit(), version));
  if (!whole || !reader.ended()) {
    return Error{ErrorCode::malformed,
                 "a stored cell of the block matrix breaks off or leaves its bounds"};
  }
  cell = std::move(read);
  return {};
}

}  // namespace leumund::evidence
