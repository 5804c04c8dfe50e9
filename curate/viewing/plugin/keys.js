// Keys for reviewers: Alt and a letter asks for an operator, as the operator browser does; and
// the page loaded anew where a picture is to be seen clearly.
(() => {
  // What FiftyOne offers for sale would lie over the first picture.
  window.localStorage.setItem("fiftyone-enterprise-tooltip-seen", "true");
  const KEYS = {
    KeyC: "clear", KeyB: "block", KeyL: "leave", KeyI: "confirm", KeyD: "dispute",
    KeyP: "name_subject", KeyM: "merge", KeyX: "split", KeyK: "keep", KeyR: "relabel",
    KeyW: "waive", KeyV: "unblur", KeyN: "next", KeyZ: "undo",
  };
  const { Operator, OperatorConfig, registerOperator } = window.__foo__;
  class ShowAgain extends Operator {
    get config() {
      return new OperatorConfig({ name: "show_again", label: "Show again", unlisted: true });
    }
    async execute() {
      window.location.reload();
    }
  }
  registerOperator(ShowAgain, "@curate/review");
  document.addEventListener("keydown", (event) => {
    const name = KEYS[event.code];
    if (!name || !event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    event.stopPropagation();
    window.__foo__.executeOperator("@voxel51/operators/prompt_user_for_operation", {
      operator_uri: `@curate/review/${name}`,
      skip_prompt: name === "next",
    });
  }, true);
})();
