"""What people hold in their hands: workbooks, sheets, notices, pages; and their way back."""
