// Runs a driver over the files of its corpus and over mutations of them: the same ones every time.
//   fuzz_NAME CORPUS [MUTATIONS]
// When it breaks, the input is left in fuzz-broken-input in the current folder.
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "fuzz.hpp"

namespace {

constexpr std::size_t kLongestInput = 16 * 1024;

std::string current;  // for keep_input() only

void keep_input(int signal) {
  if (std::FILE* file = std::fopen("fuzz-broken-input", "wb")) {
    std::fwrite(current.data(), 1, current.size(), file);
    std::fclose(file);
  }
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

void run(std::string input) {
  current = std::move(input);
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(current.data()), current.size());
}

std::vector<std::string> read_corpus(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<std::string> inputs;
  for (const auto& file : files) {
    std::ifstream stream(file, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return inputs;
}

class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& corpus) : corpus_(corpus) {}

  std::string next() {
    std::string input = corpus_[below(corpus_.size())];
    for (std::size_t edits = 1 + below(4); edits > 0; --edits) edit(input);
    if (input.size() > kLongestInput) input.resize(kLongestInput);
    return input;
  }

 private:
  // No distribution of the standard library: they give other numbers with another library.
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

  void edit(std::string& input) {
    const std::size_t at = below(input.size() + 1);
    const std::size_t length = below(std::min<std::size_t>(input.size() - at, 40) + 1);
    switch (below(6)) {
      case 0:  // any byte
        input.insert(at, 1, static_cast<char>(random_()));
        break;
      case 1:  // one that means something
        input.insert(at, 1, kTelling[below(kTelling.size())]);
        break;
      case 2:
        input.erase(at, length);
        break;
      case 3:  // repeat, up to a hundred times
        input.insert(at, repeated(input.substr(at, length), 1 + below(100)));
        break;
      case 4:  // flip a bit
        if (at < input.size()) input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
        break;
      default: {  // a piece of another file
        const std::string& other = corpus_[below(corpus_.size())];
        input.insert(at, other, below(other.size() + 1), below(200));
        break;
      }
    }
  }

  static std::string repeated(const std::string& text, std::size_t times) {
    std::string result;
    while (times-- > 0) result += text;
    return result;
  }

  static constexpr std::string_view kTelling{"\0\t\n\r \"'#&*!|>%@`{}[],:?-=/.\\\x1b\x7f\xc3\xff",
                                             32};
  const std::vector<std::string>& corpus_;
  std::mt19937 random_{20'261'101};  // NOLINT: the same numbers every time
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s CORPUS [MUTATIONS]\n", argv[0]);
    return 2;
  }
  std::signal(SIGABRT, keep_input);
  const std::vector<std::string> corpus = read_corpus(argv[1]);
  if (corpus.empty()) {
    std::fprintf(stderr, "%s is empty\n", argv[1]);
    return 2;
  }
  run("");
  for (const std::string& input : corpus) run(input);
  Mutator mutator(corpus);
  const unsigned long mutations = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 5000;
  for (unsigned long i = 0; i < mutations; ++i) run(mutator.next());
  std::printf("%zu files and %lu mutations\n", corpus.size(), mutations);
  return 0;
}
