// docs/cli.md is the reference page.
#pragma once

namespace icrps::cli {

inline constexpr int kOk = 0;
inline constexpr int kFailure = 1;  ///< while running: the port is in use, a file can't be read
inline constexpr int kUsage = 2;    ///< the command line, the configuration or the kubeconfig
inline constexpr int kNotGood =
    3;  ///< asked and answered: a credential is refused, a roll-out not done, something is left
inline constexpr int kLeaseLost = 4;  ///< another replica leads from now on, or may
/// cleanup: nothing proves that this is an uninstall; run: another installation has the namespace
inline constexpr int kRefused = 5;

}  // namespace icrps::cli
